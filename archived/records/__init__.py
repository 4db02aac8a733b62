"""What the archive says about itself: a manifest and a record beside each dataset, in `.archived/v1`."""
