"""How fast this computer trains: python training/speed.py --help."""

from mobinet_training.speed import main

if __name__ == "__main__":
    main()
