package portal

import (
	"time"

	"github.com/a-h/templ"

	"vestibule/internal/organization"
	"vestibule/internal/web"
	"vestibule/internal/web/ui"
)

func tokenSamples() []web.Sample {
	day := 24 * time.Hour
	server := organization.ServiceAccount{ID: "s1", Name: "Update server Malmö", Scopes: []organization.Scope{organization.ScopeReleases, organization.ScopeDownload}, Tokens: []organization.ServiceToken{
		{ID: "t2", MadeAt: began(), ExpiresAt: began().Add(90 * day)},
		{ID: "t1", MadeAt: began().Add(-90 * day), ExpiresAt: began().Add(day), UsedAt: began().Add(-time.Hour), UsedFrom: "192.0.2.0/24"},
	}}
	ended := organization.ServiceAccount{ID: "s2", Name: "Old rooms", Scopes: organization.Scopes(), Tokens: []organization.ServiceToken{{ID: "t3", ExpiresAt: began().Add(-day)}}}
	endless := organization.ServiceAccount{ID: "s3", Name: "Front desk", Scopes: []organization.Scope{organization.ScopeValidate}, Tokens: []organization.ServiceToken{{ID: "t4"}}}
	return []web.Sample{
		signedInSample("tokens", func(f *ui.Frame) templ.Component {
			return tokensView(tokensPage{Frame: f, Company: "Harbour Vale Council", Now: began(), List: []organization.ServiceAccount{endless, ended, server}, Done: f.T("tokens.revoked-done")})
		}),
		signedInSample("tokens-none", func(f *ui.Frame) templ.Component {
			return tokensView(tokensPage{Frame: f, Company: "Harbour Vale Council", Now: began()})
		}),
		signedInSample("token-new", func(f *ui.Frame) templ.Component {
			return tokenNewView(tokenPage{Frame: f, In: tokenForm{Life: "8760h"}})
		}),
		signedInSample("token-new-wrong", func(f *ui.Frame) templ.Component {
			f.Errors = ui.Errors{{Field: "name", Text: f.T("fault.service-account-name-taken")}, {Field: "scopes", Text: f.T("fault.scope-needed")}}
			return tokenNewView(tokenPage{Frame: f, In: tokenForm{Name: "Front desk", Life: "0"}})
		}),
		signedInSample("token-rotate", func(f *ui.Frame) templ.Component {
			return tokenRotateView(tokenPage{Frame: f, Account: server, In: tokenForm{Life: "8760h", Overlap: "24h"}})
		}),
		signedInSample("token-revoke", func(f *ui.Frame) templ.Component {
			return tokenRevokeView(tokenPage{Frame: f, Account: server})
		}),
		signedInSample("token-shown", func(f *ui.Frame) templ.Component {
			return tokenShownView(shownPage{Frame: f, Account: server, Token: "vst_06cxya9gp4gshm4bs5v0sx1r5m_sampletokenthatopensnothing0000000000abc"}) //nolint:gosec // a sample
		}),
	}
}
