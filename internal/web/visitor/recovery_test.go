package visitor

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

func TestThePagesOfGettingBackIn(t *testing.T) { pagetest.Samples(t, RecoverySamples()) }
