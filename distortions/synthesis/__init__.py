"""Identity-drift negatives and controls with known truth. Pure: numpy, OpenCV, scipy, a face model that measures.

The way through the package: `scene.scene_of` makes tracks ready → `make.distort` draws a recipe's parameters, solves
for the severity (`calibrate`), draws the frames (`recipes`), writes down what it did (`truth`), judges it (`gate`).
"""
