package password_test

import (
	"strings"
	"testing"

	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/secret"
)

// taken are hashes that other programs made: the reference program of Argon2, vectors of bcrypt, libxcrypt,
// and Python's hashlib.
func taken() map[string][2]string {
	const german = "Grün-Kernel 9 ü"
	return map[string][2]string{
		"bcrypt 2a":           {"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"},
		"bcrypt 2b":           {"$2b$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"},
		"bcrypt 2y":           {"$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "rasmuslerdorf"},
		"bcrypt, libxcrypt":   {"$2b$05$abcdefghijklmnopqrstuuEJKstoQzpKHvyVLAqJFrBSxzCnUO2uW", german},
		"bcrypt of LDAP":      {"{CRYPT}$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq", "rasmuslerdorf"},
		"argon2i":             {"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
		"argon2id":            {"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
		"passlib SHA-1":       {"$pbkdf2$1200$8PHy8/T19vf4.fr7/P3./w$gPTJBWPWXJINK/4BPPXHDcdF96k", german},
		"passlib SHA-256":     {"$pbkdf2-sha256$1200$8PHy8/T19vf4.fr7/P3./w$lpgmqwYZzbkPs1QipI8C9I1iJY6fqwX17VGtPMviL3A", german},
		"PHC SHA-512":         {"$pbkdf2-sha512$i=1200,l=64$8PHy8/T19vf4+fr7/P3+/w$hk/xPIc0P/om9joEyh+fEVrvFziueqWzAPrqdDzq0nFL3wLJF045zsxZRjAY9XNsMO2aWbCVGTKZVsGX+RMQQA", german},
		"Django SHA-256":      {"pbkdf2_sha256$1200$kDzS0EUoVTmC$13Oowq7sMgeqyCjXro7LtqasAgRbLD3uJ+oiP82Q3Y8=", german},
		"Django SHA-1":        {"pbkdf2_sha1$1200$kDzS0EUoVTmC$Nvj0JQUzx4ouhJgqQvA2LylsbNk=", german},
		"Werkzeug":            {"pbkdf2:sha512:1200$kDzS0EUoVTmC$474e2133323142f5465f758eeb44dc92c0b65eb2f863a6d4828dd86caf71dcfda4953803fb01836637d557fbf4e3aa2cdb5c8eed2f5b0477e9ed280a3edecb91", german},
		"OpenLDAP":            {"{PBKDF2-SHA256}1200$8PHy8/T19vf4.fr7/P3./w$lpgmqwYZzbkPs1QipI8C9I1iJY6fqwX17VGtPMviL3A", german},
		"SSHA":                {"{SSHA}62NX4FHKxRvIasQBwqwdtbZNorLw8fLz9PX29w==", german},
		"ssha, small letters": {"{ssha}62NX4FHKxRvIasQBwqwdtbZNorLw8fLz9PX29w==", german},
		"SSHA256":             {"{SSHA256}CKvLOnNesaUXIhH6E1vlp37uAceb3/erencqImigC//w8fLz9PX29w==", german},
		"SSHA512":             {"{SSHA512}+puxRnyNtj7DitApcNJBujh2euTcUs/MM4I07ol04/pj21CseEVJ6/NvPhprK400gPnhyguc/G5QPow4V30myfDx8vP09fb3", german},
	}
}

// asvs: V11.2.2
func TestAHashOfAnotherSystemKnowsItsPasswordAndIsToBeMadeAnew(t *testing.T) {
	h, ring, src := hasher(password.Options{})
	for name, one := range taken() {
		t.Run(name, func(t *testing.T) {
			stored, err := h.Adopt(one[0])
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(stored, one[0]) {
				t.Errorf("the hash lies open in %s", stored)
			}
			if ok, outdated, err := h.Check(t.Context(), stored, one[1]); !ok || !outdated || err != nil {
				t.Errorf("its password: %v %v %v", ok, outdated, err)
			}
			for _, wrong := range []string{"", one[1] + "x", strings.ToUpper(one[1])} {
				if ok, _, err := h.Check(t.Context(), stored, wrong); ok || err != nil {
					t.Errorf("%q: %v %v", wrong, ok, err)
				}
			}
			thief := password.New(secret.NewRing(src), src, password.Options{Params: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}})
			if ok, _, _ := thief.Check(t.Context(), stored, one[1]); ok {
				t.Error("it can be checked without the keys")
			}
			if ok, _, _ := h.Check(t.Context(), one[0], one[1]); ok {
				t.Error("a hash that nobody adopted is checked")
			}
			if again := password.New(ring, src, password.Options{}); again.Waiting() != 0 {
				t.Error("places stay taken")
			}
		})
	}
}

// asvs: V15.2.2
func TestAForeignHashCannotAskForTheWholeMachine(t *testing.T) {
	h, _, _ := hasher(password.Options{})
	const salt, sum = "c2FsdHNhbHRzYWx0c2FsdA", "uE+rrGyNJyyMVbzKcKnTrvkk2NYyA6C8SF7cPBbHr4Y"
	const bcrypted = "$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga"
	long := "uE+rrGyNJyyMVbzKcKnTrvkk2NYyA6C8SF7cPBbHr4a4T6usbI0nLIxVvMpwqdOu+STY1jIDoLxIXtw8Fsevhg" // 64 bytes
	for encoded, code := range map[string]string{
		"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + sum:          "",
		"$argon2i$v=19$m=65536,t=3,p=1$" + salt + "$" + sum:           "",
		"$argon2id$v=19$m=262144,t=4,p=4$" + salt + "$" + sum:         "",
		"$argon2id$v=19$m=262144,t=5,p=4$" + salt + "$" + sum:         "password-hash-costs",
		"$argon2id$v=19$m=4194304,t=3,p=4$" + salt + "$" + sum:        "password-hash-costs",
		"$argon2id$v=19$m=65536,t=1000,p=4$" + salt + "$" + sum:       "password-hash-costs",
		"$argon2id$v=19$m=65536,t=3,p=200$" + salt + "$" + sum:        "password-hash-costs",
		"$argon2id$v=19$m=0,t=3,p=1$" + salt + "$" + sum:              "password-hash-unknown",
		"$argon2id$v=16$m=65536,t=3,p=1$" + salt + "$" + sum:          "password-hash-unknown",
		"$argon2d$v=19$m=65536,t=3,p=1$" + salt + "$" + sum:           "password-hash-unknown",
		"$argon2id$v=19$m=65536,t=3,p=1$c2E$" + sum:                   "password-hash-unknown",
		"$argon2id$v=19$m=65536,t=3,p=1,keyid=MQ$" + salt + "$" + sum: "password-hash-unknown", // a pepper that is not theirs
		"$2b$14" + bcrypted:                                       "",
		"$2b$15" + bcrypted:                                       "password-hash-costs",
		"$2b$31" + bcrypted:                                       "password-hash-costs",
		"$2b$03" + bcrypted:                                       "password-hash-costs",
		"$2b$+9" + bcrypted:                                       "password-hash-unknown",
		"$2x$10" + bcrypted:                                       "password-hash-unknown",
		"$2b$10" + bcrypted[:len(bcrypted)-1]:                     "password-hash-unknown",
		"$pbkdf2-sha256$2000000$" + salt + "$" + sum:              "",
		"$pbkdf2-sha256$2000001$" + salt + "$" + sum:              "password-hash-costs",
		"$pbkdf2-sha256$1000001$" + salt + "$" + long:             "password-hash-costs", // two blocks
		"$pbkdf2-sha512$1000001$" + salt + "$" + long:             "",
		"$pbkdf2-sha256$99999999999999999999$" + salt + "$" + sum: "password-hash-unknown",
		"$pbkdf2-sha256$0$" + salt + "$" + sum:                    "password-hash-unknown",
		"$pbkdf2-sha256$i=1000,l=31$" + salt + "$" + sum:          "password-hash-unknown",
		"$pbkdf2-md5$1000$" + salt + "$" + sum:                    "password-hash-unknown",
		"$pbkdf2-sha256$1000$" + salt + "$c2E":                    "password-hash-unknown",
		"$pbkdf2-sha256$1000$$" + sum:                             "password-hash-unsalted",
		"pbkdf2_sha256$1000$" + sum:                               "password-hash-unknown",
		"pbkdf2:sha256$" + salt + "$" + sum:                       "password-hash-unknown",
		"{SSHA}5srSRyLIi9w8YMAhfvMYu8tvGYE=":                      "password-hash-unsalted",
		"{SSHA}5srSRyLI":                                          "password-hash-unknown",
		"{SHA}5srSRyLIi9w8YMAhfvMYu8tvGYE=":                       "password-hash-unsalted",
		"{CLEARTEXT}secret":                                       "password-hash-unknown",
		"{CRYPT}$6$salt$x":                                        "password-hash-unknown",
		"{SSHA":                                                   "password-hash-unknown",
		"32e03f2d40bd4933ded6ef6de9888482":                        "password-hash-unsalted",
		"":                                                        "password-hash-unknown",
		"$$$$$":                                                   "password-hash-unknown",
		"plain":                                                   "password-hash-unknown",
		strings.Repeat("$", 5000):                                 "password-hash-unknown",
	} {
		_, err := h.Adopt(encoded)
		if code == "" && err != nil || code != "" && !fault.Code(err, code) {
			t.Errorf("%.90s: %v, want %q", encoded, err, code)
		}
	}
}

func FuzzAHashOfAnotherSystemIsReadOrRefused(f *testing.F) {
	for _, one := range taken() {
		f.Add(one[0])
	}
	for _, s := range []string{"", "$2b$31$", "{SSHA}", "$pbkdf2-sha1$i=1,l=$$", "$argon2id$v=19$m=8,t=1,p=1$$", "pbkdf2:::$$", "pbkdf2_$1$$"} {
		f.Add(s)
	}
	h, _, _ := hasher(password.Options{})
	f.Fuzz(func(t *testing.T, encoded string) {
		stored, err := h.Adopt(encoded)
		if err != nil {
			if fault.From(err).Kind != fault.Invalid || stored != "" {
				t.Errorf("%q: %v", encoded, err)
			}
			return
		}
		// What is cheap is checked as well; the bounds of the rest stand in the test above.
		if strings.HasPrefix(encoded, "{SSHA") {
			if _, outdated, err := h.Check(t.Context(), stored, "text"); !outdated || err != nil {
				t.Errorf("%q: adopted, and %v %v", encoded, outdated, err)
			}
		}
	})
}
