"""What a worker does to make the results of a batch: read a clip once, distort, judge, encode, store.

Worker's side only: it needs OpenCV and a face model, which a web process never loads. The science is
`distortions.synthesis`; this package reads rows and files, calls it, and hands what it says to the services.
"""
