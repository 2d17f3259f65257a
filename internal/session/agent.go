package session

import (
	"strings"
)

// maxAgent is how much is kept of what a browser says of itself, in bytes.
const maxAgent = 200

// ClipAgent keeps what a browser says of itself within bounds, and whole runes.
func ClipAgent(agent string) string {
	if len(agent) <= maxAgent {
		return agent
	}
	return strings.ToValidUTF8(agent[:maxAgent], "")
}

// Of names that contain others, and of browsers that call themselves by the name of another as well, the first counts.
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Opera", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"curl/", "curl"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}, {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"},
	}
)

// DeviceOf says what a browser calls itself, as people know it: "Firefox", "Windows". Either is "" where it says nothing known. It is
// for reading: a browser can say what it likes.
func DeviceOf(agent string) (browser, system string) {
	return first(browsers, agent), first(systems, agent)
}

func first(names [][2]string, agent string) string {
	for _, n := range names {
		if strings.Contains(agent, n[0]) {
			return n[1]
		}
	}
	return ""
}
