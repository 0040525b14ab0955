"""Fewer numbers of a code than rows have to say."""

from ninefold.diagnosis.case import Case, Finding, Symptom

LOST = 0.3
"""Share of the variance of the valid rows that must not come back."""
BETTER = 0.5
"""Times the network's error that as many principal components as usual may leave at most."""
SURE = 3.0
"""Standard errors by which the errors must differ."""


class CodesFew(Symptom):
    """What does not come back, principal components of the usual number bring back.

    Only a size that was set, below the usual one, is judged: a network that learnt too little from
    as much room as usual shows other symptoms.
    """

    kinds = ("codes.too_few",)
    of_target = False
    follows = ("learning_rate", "inputs", "codes")

    def look(self, case: Case) -> Finding | None:
        given = case.given
        if given is None or given.usual is None or case.network.latent >= given.usual.latent:
            return None
        own, usual, every = case.valid.losses, given.usual.errors, float(given.usual.spread.mean())
        apart, lost = own - usual, float(own.mean()) / max(every, 1e-12)
        is_sure = apart.mean() >= SURE * case.valid.error_of_mean(apart)
        if lost < LOST or usual.mean() > BETTER * own.mean() or not is_sure:
            return None
        latent, held = given.usual.latent, 1.0 - float(usual.mean()) / every
        sizes = [
            [f"{case.network.latent}, the network", max(1.0 - lost, 0.0), f"{1.0 - lost:.0%}"],
            [f"{latent}, principal components", max(held, 0.0), f"{held:.0%}"],
        ]
        return Finding(
            "codes.too_few",
            f"Through a bottleneck of {case.network.latent} {1.0 - lost:.0%} of the variance of "
            f"the valid rows comes back; {latent} principal components bring back {held:.0%}: rows "
            "have more to say than so few numbers hold.",
            f"Set {case.name('latent')} to {latent}.",
            {"latent": case.network.latent, "explained": 1.0 - lost, "usual_latent": latent,
             "usual_explained": held},
            {"kind": "bars", "title": "Variance that comes back, by numbers of the code",
             "rows": sizes},
            ((case.at("latent"), latent),),
        )  # fmt: skip
