package visitor

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/account"
	"vestibule/internal/fault"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// Request is the face of the request for access: the form, the page after it,
// and the way to take a request back.
type Request struct {
	access *access.Service
	lists  map[text.Lang]lists
}

// lists are the choices of the form in one language, ready to show.
type lists struct{ countries, dial []ui.Option }

// NewRequest makes the face. Drawing up the countries is work, so it is done
// here, once.
func NewRequest(service *access.Service) *Request {
	f := &Request{access: service, lists: map[text.Lang]lists{}}
	for _, lang := range text.Languages() {
		var l lists
		for _, c := range account.Countries(string(lang)) {
			l.countries = append(l.countries, ui.Option{Value: c.Code, Label: c.Name})
			l.dial = append(l.dial, ui.Option{Value: c.Code, Label: c.Code + " " + c.Dial})
		}
		f.lists[lang] = l
	}
	return f
}

// Routes are the face's table.
func (f *Request) Routes() []web.Route {
	return []web.Route{
		web.Row(web.Anyone, "GET /request", f.form),
		web.Row(web.Anyone, "POST /request", f.send),
		web.Row(web.Anyone, "GET /request/received", f.received),
		web.Row(web.Anyone, "GET /request/withdraw/{token}", f.withdrawal),
		web.Row(web.Anyone, "POST /request/withdraw/{token}", f.withdraw),
		web.Row(web.Anyone, "GET /request/withdrawn", f.withdrawn),
	}
}

// requestForm is what the form sends. Bounds that matter are the Service's;
// these only keep a page from growing.
type requestForm struct {
	First         string `form:"first,max=200"`
	Last          string `form:"last,max=200"`
	Email         string `form:"email,max=400"`
	MobileCountry string `form:"mobile-country,max=2"`
	Mobile        string `form:"mobile,max=60"`
	Organization  string `form:"organization,max=400"`
	Country       string `form:"country,max=2"`
	Product       string `form:"product,max=100"`
	Users         string `form:"users,max=40"`
	Purpose       string `form:"purpose,max=2000"`
	Consent       bool   `form:"consent"`
	Website       string `form:"website,max=200"` // people do not see it
	Shown         string `form:"shown,max=20"`    // when the form was, in Unix seconds
}

func (f *Request) form(c *web.Context) error {
	in := requestForm{MobileCountry: countryOf(c)}
	if who := c.Who(); who.Known() {
		p, err := f.access.PrefillFor(c.Context(), who.Account)
		if err != nil {
			return err
		}
		in.First, in.Last, in.Email, in.Organization, in.Country = p.FirstName, p.LastName, p.Email, p.Organization, p.Country
		if country, number := account.MobileParts(p.Mobile); country != "" {
			in.MobileCountry, in.Mobile = country, number
		}
	}
	return f.show(c, in, nil)
}

func (f *Request) send(c *web.Context) error {
	var in requestForm
	err := c.Form(&in)
	if err == nil {
		_, err = f.access.Ask(c.Context(), access.Form{
			First: in.First, Last: in.Last, Email: in.Email, MobileCountry: in.MobileCountry, Mobile: in.Mobile,
			Organization: in.Organization, Country: in.Country, Product: in.Product, Users: in.Users, Purpose: in.Purpose,
			Consent: in.Consent, Lang: string(c.Lang), Trap: in.Website, Took: took(in.Shown, c.Now()), Address: c.Address,
		})
	}
	if err != nil {
		return f.show(c, in, err)
	}
	c.SetCookie(sentCookie, sent{First: in.First, Email: in.Email}.encode(), sentLife)
	return c.SeeOther("/request/received")
}

func (f *Request) show(c *web.Context, in requestForm, failed error) error {
	status, wait := 0, time.Duration(0)
	if fault.Is(failed, fault.TooMany) { // nothing that was typed is lost
		status, wait, failed = http.StatusTooManyRequests, fault.From(failed).RetryAfter, nil
		c.W.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	offered, err := f.access.Products(c.Context())
	if err != nil {
		return err
	}
	var products []ui.Option
	for _, p := range offered {
		products = append(products, ui.Option{Value: p.ID, Label: p.Name})
	}
	if in.Product == "" && len(products) == 1 {
		in.Product = products[0].Value
	}
	days, err := f.access.EvaluationDays(c.Context(), in.Product)
	if err != nil {
		return err
	}
	l := f.lists[c.Lang]
	return c.Page(cmp.Or(status, frame.Status()), requestView(requestPage{
		Frame: frame, Wait: wait, SignedIn: c.Who().Known(), In: in, Countries: l.countries, Dial: l.dial, Products: products, Days: days,
		Shown: strconv.FormatInt(c.Now().Unix(), 10),
	}))
}

// took is how long somebody had the form before them; zero if it cannot be told.
func took(shown string, now time.Time) time.Duration {
	at, err := strconv.ParseInt(shown, 10, 64)
	if err != nil {
		return 0
	}
	d := now.Sub(time.Unix(at, 0))
	if d < 0 || d > 24*time.Hour {
		return 0
	}
	return max(d, time.Millisecond)
}

// countryOf guesses the dialling code from the languages that the browser
// speaks: "de-CH" is Switzerland.
func countryOf(c *web.Context) string {
	first, _, _ := strings.Cut(c.R.Header.Get("Accept-Language"), ",")
	tag, _, _ := strings.Cut(first, ";")
	if _, region, ok := strings.Cut(strings.TrimSpace(tag), "-"); ok {
		if region = strings.ToUpper(region); account.IsCountry(region) {
			return region
		}
	}
	if c.Lang == text.German {
		return "DE"
	}
	return "GB"
}

// sent is what the next page greets with. It is the visitor's own, kept in the
// visitor's own browser: the server has no session before somebody registers.
type sent struct {
	First string `json:"f"`
	Email string `json:"e"`
}

const (
	sentCookie = "request-sent"
	sentLife   = 30 * time.Minute
	sentMost   = 500
)

func (s sent) encode() string {
	if plain, err := json.Marshal(s); err == nil {
		if value := base64.RawURLEncoding.EncodeToString(plain); len(value) <= sentMost {
			return value
		}
	}
	return "-" // the page greets without a name
}

func decodeSent(value string) (s sent) {
	if plain, err := base64.RawURLEncoding.DecodeString(value); err == nil {
		if json.Unmarshal(plain, &s) != nil {
			return sent{}
		}
	}
	return s
}

func (f *Request) received(c *web.Context) error {
	value := c.Cookie(sentCookie)
	if value == "" {
		return c.SeeOther("/request")
	}
	days, err := f.access.EvaluationDays(c.Context(), "")
	if err != nil {
		return err
	}
	s, promised := decodeSent(value), f.access.Promise(c.Now())
	return c.Page(200, receivedView(receivedPage{
		Frame: c.Frame(), First: s.First, Email: s.Email, Due: c.Words.DateTime(promised.DueAt), Late: c.Words.DateTime(promised.LateAt),
		Days: days, SignedIn: c.Who().Known(),
	}))
}

func (f *Request) withdrawal(c *web.Context) error {
	r, err := f.access.Withdrawable(c.Context(), c.R.PathValue("token"))
	if fault.Code(err, "link-used") {
		return c.Page(200, withdrawnView(c.Frame()))
	}
	if err != nil {
		return err
	}
	return c.Page(200, withdrawView(withdrawPage{
		Frame: c.Frame(), Action: c.R.URL.Path, Reference: r.Reference, Product: r.ProductName,
		Organization: r.Organization, Received: c.Words.DateTime(r.CreatedAt),
	}))
}

func (f *Request) withdraw(c *web.Context) error {
	if _, err := f.access.Withdraw(c.Context(), c.R.PathValue("token")); err != nil && !fault.Code(err, "link-used") {
		return err
	}
	return c.SeeOther("/request/withdrawn")
}

func (f *Request) withdrawn(c *web.Context) error {
	return c.Page(200, withdrawnView(c.Frame()))
}
