#!/usr/bin/env python3
import traffstat
panel = traffstat.read("data/missoula.csv")
estimate = traffstat.thinning(panel, traffstat.prior("beta(8,12)", "an assumption"))
print(traffstat.caption(panel, estimate, 1))
traffstat.chart(panel, estimate, "build/five_lines.png")
