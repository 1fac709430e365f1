"""Only what setup.cfg cannot say: the package `vmsim_images` (the recipes in images/) beside those that are found."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["vmsim", "vmsim.*"]), "vmsim_images"])
