"""vmsim: a cloud's VM service on a Linux workstation, made of real KVM/QEMU guests."""

__version__ = "0.1.0"
