"""The torch modules behind the network Specs."""
