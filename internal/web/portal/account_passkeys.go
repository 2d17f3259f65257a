package portal

import (
	"vestibule/internal/credential"
	"vestibule/internal/web"
)

func (f *Face) passkeyRoutes() []web.Route { return nil }

func (f *Face) passkeySections(*web.Context, credential.Overview) ([]accountSection, error) {
	return nil, nil
}
