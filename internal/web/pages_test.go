package web_test

import (
	"testing"

	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
)

func TestTheKitsPagesAreSound(t *testing.T) { pagetest.Samples(t, web.Samples()) }
