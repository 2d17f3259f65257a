package visitor

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

func TestThePagesOfComingInAreSound(t *testing.T) { pagetest.Samples(t, SignInSamples()) }
