package fetch

import (
	"encoding/json"
	"io"
	"math"
	"net/http"

	"vestibule/internal/download"
	"vestibule/internal/fault"
	"vestibule/internal/feed"
	"vestibule/internal/web"
)

// information, search and manifest answer in the forms of the WinGET source API, failures too. {secret} is the right to come in.
func (f *Face) information(c *web.Context) error {
	i, err := f.feeds.Information(c.Context(), c.R.PathValue("secret"))
	return answer(c, i, err)
}

func (f *Face) search(c *web.Context) error {
	body, err := io.ReadAll(c.R.Body)
	if err != nil {
		return answer(c, nil, fault.Because(fault.Invalid, "search-unreadable", err))
	}
	in, err := feed.ParseSearch(body)
	if err != nil {
		return answer(c, nil, err)
	}
	found, err := f.feeds.Search(c.Context(), c.R.PathValue("secret"), in)
	if err == nil && len(found.Data) == 0 {
		c.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	return answer(c, found, err)
}

func (f *Face) manifest(c *web.Context) error {
	q := c.R.URL.Query()
	m, err := f.feeds.Manifest(c.Context(), c.R.PathValue("secret"), c.R.PathValue("package"), q.Get("Version"), q.Get("Channel"), q.Get("Market"))
	return answer(c, m, err)
}

// installer sends an artifact to winget.
func (f *Face) installer(c *web.Context) error {
	a, err := f.feeds.ByToken(c.Context(), feed.WinGET, c.R.PathValue("secret"))
	if err != nil {
		return err
	}
	caller := download.Caller{Kind: download.Source, ID: a.ID, Organization: a.Organization, Name: a.Name, Address: c.Address}
	return f.open(c, caller, c.R.PathValue("artifact"))
}

// A wingetError is a failure as the API has it.
type wingetError struct {
	ErrorCode    int
	ErrorMessage string
}

// answer sends what was found, or the failure in words. A failure of ours is the kit's, which logs it.
func answer(c *web.Context, found any, err error) error {
	status := http.StatusOK
	if err != nil {
		e := fault.From(err)
		switch e.Kind {
		case fault.NotFound:
			status = http.StatusNotFound
		case fault.Invalid:
			status = http.StatusBadRequest
		case fault.TooMany:
			status = http.StatusTooManyRequests
			c.W.Header().Set("Retry-After", decimal(int64(math.Ceil(e.RetryAfter.Seconds()))))
		default:
			return err
		}
		found = []wingetError{{status, c.Fault(e)}}
	}
	body, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return c.Bytes(status, "application/json", body)
}
