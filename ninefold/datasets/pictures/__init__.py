"""What all sources of pictures share: reading files, and a table of them."""
