package message

import "time"

// SignInNewDevice tells the owner that somebody signed in from a browser that the account does not know.
type SignInNewDevice struct {
	UserID  string
	At      time.Time
	Browser string // as people know it, or ""
	System  string // as people know it, or ""
	Address string // network address
	Place   string // where that is, in words; or ""
}

// Two new browsers are two pieces of news, even before the first mail has left.
func (SignInNewDevice) spec() spec {
	s := email("sign-in-new-device")
	s.apart = true
	return s
}

func deviceSamples(one func(string, Message) Sample, now time.Time) []Sample {
	return []Sample{
		one("sign-in-new-device", SignInNewDevice{"mlindqvist", now, "Firefox", "Windows", "192.0.2.17", "Gothenburg, Sweden"}),
		one("sign-in-new-device-unknown", SignInNewDevice{"mlindqvist", now, "", "", "192.0.2.17", ""}),
	}
}
