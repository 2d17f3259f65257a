package office

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vestibule/internal/access"
	"vestibule/internal/fault"
	"vestibule/internal/text"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

// queueForm is the toolbar of the queue.
type queueForm struct {
	Tab     string `form:"tab,max=20"`
	Search  string `form:"q,max=200"`
	Signal  string `form:"signal,max=40"`
	Country string `form:"country,max=2"`
	After   string `form:"after,max=100"`
}

func (in queueForm) query() access.Query {
	tab := access.Tab(in.Tab)
	if tab == "" {
		tab = access.TabOpen
	}
	return access.Query{Tab: tab, Search: in.Search, Signal: access.Signal(in.Signal), Country: in.Country, After: in.After}
}

// href is the queue's address with these choices.
func (in queueForm) href(path string) string {
	v := url.Values{}
	for name, value := range map[string]string{"tab": in.Tab, "q": in.Search, "signal": in.Signal, "country": in.Country, "after": in.After} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

func (in queueForm) filtered() bool { return in.Search != "" || in.Signal != "" || in.Country != "" }

// row is one request of the list, ready to show.
type row struct {
	ID, Name, Email, Organization, Country, Users, Product string
	Signals                                                []tag
	Waiting, Status                                        string
	Tone                                                   string // of the status
	Open                                                   bool
}

type tag struct{ Tone, Text string }

func (f *Face) queue(c *web.Context) error {
	var in queueForm
	if err := c.Form(&in); err != nil {
		return err
	}
	return f.showQueue(c, in, bulkForm{}, nil, nil)
}

func (f *Face) showQueue(c *web.Context, in queueForm, bulk bulkForm, results []result, failed error) error {
	frame, err := c.Again(failed)
	if err != nil {
		return err
	}
	page, err := f.s.Access.Queue(c.Context(), in.query())
	if err != nil {
		return err
	}
	counts, err := f.s.Access.Counts(c.Context())
	if err != nil {
		return err
	}
	p := queuePage{
		Frame: frame, In: in, Bulk: bulk, Results: results, Lead: f.lead(c, counts), Decide: c.Who().Can("requests.decide"),
		Export: exportHref(in), Goal: c.T("office.queue.goal", "minutes", f.s.Access.Settings.DueMinutes),
	}
	for _, tab := range access.Tabs() {
		n := map[access.Tab]int{access.TabOpen: counts.Open, access.TabApproved: counts.Approved, access.TabDeclined: counts.Declined, access.TabAll: counts.All}[tab]
		p.Tabs = append(p.Tabs, ui.Tab{
			Text: c.T("office.tab." + string(tab)), Href: queueForm{Tab: string(tab), Search: in.Search, Signal: in.Signal, Country: in.Country}.href("/office/requests"),
			Current: tab == in.query().Tab, Count: n,
		})
	}
	for _, r := range page.Requests {
		p.Rows = append(p.Rows, f.row(c, r, page.Now))
	}
	switch { // of a longer list the whole is not counted: that would cost more than the page
	case !in.filtered() || in.After != "":
	case page.Next == "":
		p.Found = c.T("office.queue.found", "n", len(page.Requests))
	default:
		p.Found = c.T("office.queue.found-more", "n", len(page.Requests))
	}
	if in.After != "" {
		first := in
		first.After = ""
		p.First = first.href("/office/requests")
	}
	if page.Next != "" {
		next := in
		next.After = page.Next
		p.Next = next.href("/office/requests")
	}
	p.Signals = []ui.Option{{Label: c.T("office.queue.any-signal")}}
	for _, s := range access.Signals() {
		p.Signals = append(p.Signals, ui.Option{Value: string(s), Label: c.T("office.signal." + string(s))})
	}
	p.Countries = f.countryOptions(c)
	p.AllHref = queueForm{Tab: string(access.TabAll), Search: in.Search}.href("/office/requests")
	p.ClearHref = queueForm{Tab: in.Tab}.href("/office/requests")
	c.Here(in.href("/office/requests"))
	return c.Page(frame.Status(), queueView(p))
}

func exportHref(in queueForm) string {
	in.After = ""
	return in.href("/office/requests/export")
}

func (f *Face) lead(c *web.Context, n access.Counts) string {
	open := c.T("office.queue.open", "n", n.Open)
	if n.Late == 0 {
		return open
	}
	return open + " " + c.T("office.queue.late", "n", n.Late)
}

func (f *Face) countryOptions(c *web.Context) []ui.Option {
	list := []ui.Option{{Label: c.T("office.queue.any-country")}}
	for code, name := range f.countries[c.Lang] {
		list = append(list, ui.Option{Value: code, Label: name})
	}
	slices.SortFunc(list[1:], func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
	return list
}

func (f *Face) row(c *web.Context, r access.Request, now time.Time) row {
	out := row{
		ID: r.ID, Name: r.Name(), Email: r.Email, Organization: r.Organization, Country: f.country(c, r.Country),
		Users: c.Words.Number(int64(r.Users)), Product: r.ProductName, Open: r.State == access.Received,
	}
	for _, s := range r.Signals {
		out.Signals = append(out.Signals, tag{signalTone(s), c.T("office.signal." + string(s))})
	}
	if !out.Open {
		out.Waiting = c.Words.ShortDateTime(r.DecidedAt)
		out.Tone, out.Status = stateTone(r.State), stateWords(c, r)
		return out
	}
	out.Waiting = c.Words.Duration(now.Sub(r.CreatedAt))
	out.Tone, out.Status = due(c, r, now)
	return out
}

// due says how urgent a request is, in a tone and in words.
func due(c *web.Context, r access.Request, now time.Time) (tone, words string) {
	switch r.Due(now) {
	case access.DueLate:
		return ui.Bad, c.T("office.due.late", "by", c.Words.Duration(now.Sub(r.LateAt)))
	case access.DueOverdue:
		return ui.Warn, c.T("office.due.overdue", "by", c.Words.Duration(now.Sub(r.DueAt)))
	case access.DueSoon:
		return ui.Warn, c.T("office.due.soon", "in", c.Words.Duration(r.DueAt.Sub(now)))
	}
	return ui.OK, c.T("office.due.later", "at", c.Words.ShortDateTime(r.DueAt))
}

func stateTone(s access.State) string {
	switch s {
	case access.Approved:
		return ui.OK
	case access.Received:
		return ui.None
	}
	return ui.Off
}

func stateWords(c *web.Context, r access.Request) string {
	if r.DecidedName != "" {
		return c.T("office.state."+string(r.State)+"-by", "name", r.DecidedName)
	}
	return c.T("office.state." + string(r.State))
}

func signalTone(s access.Signal) string {
	switch s {
	case access.SignalDisposable, access.SignalRobot, access.SignalLookAlike:
		return ui.Bad
	case access.SignalFreeMail, access.SignalManyNetwork, access.SignalSamePerson, access.SignalFast:
		return ui.Warn
	}
	return ui.None
}

// bulkForm decides several requests at once.
type bulkForm struct {
	Picked   []string `form:"picked,max=64"`
	Decision string   `form:"decision,max=20"`
	Reason   string   `form:"reason,max=1000"`
}

// result is what became of one request of several.
type result struct{ Tone, Name, Href, Text string }

// bulk decides the ticked requests one by one. Those that could belong to a known
// organization, one that this very batch has made included, are left for a person
// to look at: a match is never silent.
func (f *Face) bulk(c *web.Context) error {
	var in bulkForm
	c.Here("/office/requests")
	if err := c.Form(&in); err != nil {
		return f.showQueue(c, queueForm{}, in, nil, err)
	}
	var wrong fault.Form
	if len(in.Picked) == 0 {
		wrong.Add("picked", "pick-one")
	}
	if in.Decision != "approve" && in.Decision != "decline" {
		wrong.Add("decision", "choose-decision")
	}
	if in.Decision == "decline" && strings.TrimSpace(in.Reason) == "" {
		wrong.Add("reason", "reason-needed")
	}
	if err := wrong.Err(); err != nil {
		return f.showQueue(c, queueForm{}, in, nil, err)
	}
	var results []result
	for _, id := range in.Picked {
		res, err := f.decideOne(c, id, access.Decision{Approve: in.Decision == "approve", Reason: in.Reason})
		if err != nil {
			return err
		}
		results = append(results, res)
	}
	return f.showQueue(c, queueForm{}, bulkForm{}, results, nil)
}

// refused is why one request of several was not decided.
func refused(err error) *fault.Error {
	e := fault.From(err)
	if len(e.Fields) > 0 {
		return e.Fields[0]
	}
	return e
}

func (f *Face) decideOne(c *web.Context, id string, d access.Decision) (result, error) {
	k, err := f.s.Access.Case(c.Context(), id)
	if fault.Is(err, fault.NotFound) {
		return result{ui.Warn, id, "/office/requests", c.T("office.bulk.gone")}, nil
	}
	if err != nil {
		return result{}, err
	}
	res := result{Name: k.Request.Name() + ", " + k.Request.Organization, Href: "/office/requests/" + url.PathEscape(id)}
	d.Several = true
	out, err := f.s.Access.Decide(c.Context(), id, d, decider(c))
	switch {
	case fault.Is(err, fault.Invalid) && refused(err).Code == "person-chooses":
		res.Tone, res.Text = ui.Warn, c.T("office.bulk.known")
	case fault.Is(err, fault.Invalid):
		// The others are decided all the same, and the page says which were not.
		res.Tone, res.Text = ui.Bad, c.T("office.bulk.refused", "why", c.Fault(refused(err)))
	case err != nil:
		return result{}, err
	case !out.Made:
		res.Tone, res.Text = ui.Warn, c.T("office.bulk.already", "state", stateWords(c, out.Request))
	default:
		res.Tone, res.Text = ui.OK, stateWords(c, out.Request)
	}
	return res, nil
}

func decider(c *web.Context) access.Decider {
	return access.Decider{ID: c.Who().Account, Name: c.Who().Name}
}

// exportRows bounds an export.
const exportRows = 5000

// export writes the list as CSV.
func (f *Face) export(c *web.Context) error {
	var in queueForm
	if err := c.Form(&in); err != nil {
		return err
	}
	q := in.query()
	q.Limit = exportRows
	page, err := f.s.Access.Queue(c.Context(), q)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{{"reference", "state", "received", "due", "decided", "decided by", "first name", "last name", "e-mail", "mobile", "organisation", "country", "product", "users", "signals", "reason"}}
	for _, r := range page.Requests {
		var signals []string
		for _, s := range r.Signals {
			signals = append(signals, string(s))
		}
		lines = append(lines, []string{
			r.Reference, string(r.State), stamp(r.CreatedAt), stamp(r.DueAt), stamp(r.DecidedAt), r.DecidedName, r.FirstName, r.LastName,
			r.Email, r.Mobile, r.Organization, r.Country, r.ProductName, strconv.Itoa(r.Users), strings.Join(signals, " "), r.Reason,
		})
	}
	for _, line := range lines {
		for i := range line {
			line[i] = text.Cell(line[i])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	c.W.Header().Set("Content-Disposition", `attachment; filename="requests.csv"`)
	return c.Bytes(200, "text/csv; charset=utf-8", b.Bytes())
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
