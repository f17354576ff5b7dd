package words

import "testing"

func TestShortened(t *testing.T) {
	for names, want := range map[[2]string]bool{
		{"polyid", "polygon_id"}: true, {"start", "startDate"}: true, {"lat", "latitude"}: true, {"date", "start_date"}: true, {"id", "polygon-id"}: true,
		{"to", "topic"}: false, {"polygon_id", "owner_id"}: false, {"idpoly", "polygon_id"}: false, {"q", "query"}: false, {"email", "topic"}: false,
	} {
		if Shortened(names[0], names[1]) != want || Shortened(names[1], names[0]) != want {
			t.Errorf("%q: not %v", names, want)
		}
	}
}
