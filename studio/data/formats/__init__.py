"""One file per format of table; `studio.data.reading` lists them."""
