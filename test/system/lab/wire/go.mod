module part.invalid/wire

go 1.26
