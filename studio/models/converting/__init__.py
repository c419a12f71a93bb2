"""Models of packages that hold another format: converted once into standard folders, by numpy alone."""
