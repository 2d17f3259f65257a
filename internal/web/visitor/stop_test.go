package visitor

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

func TestThePagesOfTheStopLinkAreSound(t *testing.T) { pagetest.Samples(t, StopSamples()) }
