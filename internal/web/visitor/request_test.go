package visitor_test

import (
	"testing"

	"vestibule/internal/web/pagetest"
	"vestibule/internal/web/visitor"
)

func TestTheRequestsPagesAreSound(t *testing.T) { pagetest.Samples(t, visitor.RequestSamples()) }
