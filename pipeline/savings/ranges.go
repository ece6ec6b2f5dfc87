package savings

import "blattwerk/pipeline"

// exact is a figure without a range.
func exact(x float64) pipeline.Range { return pipeline.Range{Low: x, Mid: x, High: x} }

// times multiplies two ranges that are not negative, end by end.
func times(a, b pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: a.Low * b.Low, Mid: a.Mid * b.Mid, High: a.High * b.High}
}

// over divides by a range that is over nought: the more goes into one, the fewer
// it takes.
func over(a, b pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: a.Low / b.High, Mid: a.Mid / b.Mid, High: a.High / b.Low}
}

// plus adds two ranges end by end.
func plus(a, b pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: a.Low + b.Low, Mid: a.Mid + b.Mid, High: a.High + b.High}
}

// debit turns a cost into a negative saving: the highest cost is the lowest saving.
func debit(r pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: 0 - r.High, Mid: 0 - r.Mid, High: 0 - r.Low}
}

func ordered(r pipeline.Range) bool { return r.Low <= r.Mid && r.Mid <= r.High }

// weakest is the weaker of two classes of evidence; "" is none.
func weakest(a, b pipeline.Evidence) pipeline.Evidence { return max(a, b) } // "" < "A" < "B" < "C"

func addBasis(a, b pipeline.Basis) pipeline.Basis {
	return pipeline.Basis{
		Evidence: weakest(a.Evidence, b.Evidence),
		Sides:    a.Sides + b.Sides, Leaves: a.Leaves + b.Leaves, Pages: a.Pages + b.Pages, Millis: a.Millis + b.Millis,
		ByteYears: a.ByteYears + b.ByteYears, BytesOpen: a.BytesOpen + b.BytesOpen,
		Received: plus(a.Received, b.Received), Sheets: plus(a.Sheets, b.Sheets), Envelopes: plus(a.Envelopes, b.Envelopes),
		Trips: plus(a.Trips, b.Trips), Km: plus(a.Km, b.Km), KWh: plus(a.KWh, b.KWh),
	}
}

// sumsOf are the quantities of an entry that reports add up.
func sumsOf(s pipeline.Saving) pipeline.Sums {
	return pipeline.Sums{
		Sheets: s.Sheets, Kg: s.Kg, CO2e: s.CO2e, Water: s.Water, Energy: s.Energy, Folders: s.Folders, Shelf: s.Shelf, Trips: s.Trips,
	}
}

func addSums(a, b pipeline.Sums) pipeline.Sums {
	return pipeline.Sums{
		Sheets: plus(a.Sheets, b.Sheets), Kg: plus(a.Kg, b.Kg), CO2e: plus(a.CO2e, b.CO2e), Water: plus(a.Water, b.Water),
		Energy: plus(a.Energy, b.Energy), Folders: plus(a.Folders, b.Folders), Shelf: plus(a.Shelf, b.Shelf), Trips: plus(a.Trips, b.Trips),
	}
}

// scale multiplies the paper of an entry, end by end.
func scale(s pipeline.Sums, by pipeline.Range) pipeline.Sums {
	s.Sheets, s.Kg, s.CO2e, s.Water, s.Energy = times(s.Sheets, by), times(s.Kg, by), times(s.CO2e, by), times(s.Water, by), times(s.Energy, by)
	return s
}
