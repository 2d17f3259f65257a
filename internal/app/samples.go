package app

import (
	"slices"

	"vestibule/internal/web"
	"vestibule/internal/web/office"
	"vestibule/internal/web/portal"
	"vestibule/internal/web/visitor"
)

// Samples are all pages of all faces with values worth looking at, for the
// gallery.
func Samples() []web.Sample {
	return slices.Concat(web.Samples(), visitor.SignInSamples(), portal.Samples(), visitor.RequestSamples(), visitor.RegisterSamples(), visitor.RecoverySamples(), visitor.StopSamples(), office.Samples())
}
