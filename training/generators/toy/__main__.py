from training.generators.toy.train import main

main()
