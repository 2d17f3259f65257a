package selfservice

import "strings"

// An Agent is what a browser says of itself, in the names that people know. It is for reading: anybody can say anything.
type Agent struct {
	Browser string // "Firefox", or "" where it says nothing that is known
	System  string // "Windows", or ""
	Mobile  bool   // a telephone or a tablet
}

// ParseAgent reads the User-Agent of a request (RFC 9110 §10.1.5). The order of the tables matters: most browsers name others too.
func ParseAgent(s string) Agent {
	a := Agent{Browser: named(s, browsers()), System: named(s, systems())}
	if a.System == "" && a.Browser == "" {
		return a
	}
	switch a.System {
	case "iPhone", "iPad", "Android":
		a.Mobile = true
	}
	return a
}

func named(s string, table [][2]string) string {
	for _, row := range table {
		if strings.Contains(s, row[0]) {
			return row[1]
		}
	}
	return ""
}

func browsers() [][2]string {
	return [][2]string{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"Opera", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"Vivaldi/", "Vivaldi"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
		{"Safari/", "Safari"}, {"curl/", "curl"},
	}
}

func systems() [][2]string {
	return [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}, {"X11", "Linux"},
	}
}
