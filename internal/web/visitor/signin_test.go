package visitor

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

// asvs: V6.2.6
func TestThePagesOfComingInAreSound(t *testing.T) { pagetest.Samples(t, SignInSamples()) }
