package selfservice

import "vestibule/internal/session"

// An Agent is what a browser says of itself, in the names that people know. It is for reading: anybody can say anything.
type Agent struct {
	Browser string // "Firefox", or "" where it says nothing that is known
	System  string // "Windows", or ""
	Mobile  bool   // a telephone or a tablet
}

// ParseAgent reads the User-Agent of a request (RFC 9110 §10.1.5).
func ParseAgent(s string) Agent {
	var a Agent
	a.Browser, a.System = session.DeviceOf(s)
	switch a.System {
	case "iPhone", "iPad", "Android":
		a.Mobile = true
	}
	return a
}
