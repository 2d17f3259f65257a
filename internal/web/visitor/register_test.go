package visitor

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

func TestThePagesOfTheRegistration(t *testing.T) {
	pagetest.Samples(t, RegisterSamples())
}
