// The portal works without this module; it only makes some things quicker.
