package words

import "testing"

func TestShortened(t *testing.T) {
	for names, want := range map[[2]string][2]bool{ // without and with leading words left out
		{"polyid", "polygon_id"}: {true, true}, {"lat", "latitude"}: {true, true}, {"vehHeight", "vehicle-height"}: {true, true},
		{"start", "startDate"}: {true, true}, {"city", "city_name"}: {true, true},
		{"date", "start_date"}: {false, true}, {"id", "polygon-id"}: {false, true}, {"height", "vehicleHeight"}: {false, true},
		{"user", "user_role"}: {}, {"to", "topic"}: {}, {"polygon_id", "owner_id"}: {}, {"idpoly", "polygon_id"}: {}, {"q", "query"}: {}, {"email", "topic"}: {}, {"start", "start_of_day"}: {},
	} {
		for i, want := range want {
			if Shortened(names[0], names[1], i == 1) != want || Shortened(names[1], names[0], i == 1) != want {
				t.Errorf("%q, %v: not %v", names, i == 1, want)
			}
		}
	}
}
