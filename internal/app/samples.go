package app

import "vestibule/internal/web"

// Samples are all pages of all faces with values worth looking at, for the
// gallery.
func Samples() []web.Sample {
	return web.Samples()
}
