"""What a worker does to find who is in a clip: face tracks, matching, metrics, strips, and their rows.

Worker's side only: it needs OpenCV and a face model, which a web process never loads. The science is
`datasets.identity`; this package reads rows and files, calls it, and stores what it says.
"""
