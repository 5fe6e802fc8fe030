"""Writes what the exporter makes of every MoBiNet, without the numbers: python training/structures.py --help."""

from mobinet_training.structures import main

if __name__ == "__main__":
    main()
