package portal

import (
	"vestibule/internal/credential"
	"vestibule/internal/web"
)

func (f *Face) selfRoutes() []web.Route { return nil }

// selfProfile are the sections above the credentials: who the owner is and how to be reached.
func (f *Face) selfProfile(*web.Context, credential.Overview) ([]accountSection, error) {
	return nil, nil
}

// selfSections are those below them: devices, activity, data.
func (f *Face) selfSections(*web.Context, credential.Overview) ([]accountSection, error) {
	return nil, nil
}
