module exreach

go 1.26.0
