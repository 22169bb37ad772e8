"""Video files: facts, playback copies, pictures, frames. Pure: numpy, PyAV and Pillow only.

`probe`, `decode`, `read`, `write`, `encode`, `playback` and `pictures` load the codecs; `errors`, `limits`, `facts`,
`prepared` and `sandbox` do not, so that a web process names them and stays small. Hence nothing is imported here.
"""
