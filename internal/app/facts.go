package app

import (
	"vestibule/internal/db"
	"vestibule/internal/staff"
)

// Administrators counts those who can run the portal, for the doctor.
func Administrators(tx *db.Tx) (int, error) {
	all, err := staff.Addresses(tx, staff.StaffManage)
	return len(all), err
}

// IsDemo reports whether a database holds the demo's sample content.
func IsDemo(tx *db.Tx) (bool, error) {
	mark, err := db.Setting(tx, demoSetting)
	return mark != "", err
}
