# What the Makefiles of share/experiments have in common. Recipes say '$(tool) train --resume ... $(save)'.

# A checkpoint gets its name when its training has ended; one that was stopped stays a .part and goes on from there.
part = $(@:.ckpt.h5=.part.ckpt.h5)
save = -o $(part) && mv $(part) $@
