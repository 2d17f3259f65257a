package selfservice_test

import (
	"testing"

	"vestibule/internal/selfservice"
)

func TestABrowserIsCalledWhatPeopleCallIt(t *testing.T) {
	for said, want := range map[string]selfservice.Agent{
		firefox: {Browser: "Firefox", System: "Windows"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":           {Browser: "Edge", System: "Windows"},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                   {Browser: "Safari", System: "macOS"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1": {Browser: "Safari", System: "iPhone", Mobile: true},
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36":                         {Browser: "Chrome", System: "Android", Mobile: true},
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36":                          {Browser: "Chrome", System: "ChromeOS"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  {Browser: "Firefox", System: "Linux"},
		"<script>alert(1)</script>": {}, "": {},
	} {
		if got := selfservice.ParseAgent(said); got != want {
			t.Errorf("%q: %+v, want %+v", said, got, want)
		}
	}
}
