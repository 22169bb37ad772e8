"""Video generators behind one protocol."""
