package web_test

import (
	"testing"

	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
)

func TestTheKitsPagesAreSound(t *testing.T) { pagetest.Samples(t, web.Samples()) }

func TestWhatAllPagesHaveInCommonIsKept(t *testing.T) {
	for _, s := range web.Samples() {
		if s.Name == "error-404" || s.Name == "parts-office" || s.Name == "parts-app" {
			pagetest.Golden(t, "testdata/whole-"+s.Name+".html", pagetest.Whole(pagetest.Draw(t, s, text.English)))
		}
	}
}
