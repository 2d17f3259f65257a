package office_test

import (
	"testing"

	"vestibule/internal/web/office"
	"vestibule/internal/web/pagetest"
)

func TestTheOfficesPagesAreSound(t *testing.T) { pagetest.Samples(t, office.Samples()) }
