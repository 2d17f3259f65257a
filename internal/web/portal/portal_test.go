package portal

import (
	"testing"

	"vestibule/internal/web/pagetest"
)

func TestThePagesOfThePortalAreSound(t *testing.T) { pagetest.Samples(t, Samples()) }
