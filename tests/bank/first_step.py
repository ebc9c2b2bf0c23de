"""Programs for the task first_step."""

BASE = """
def first_step(theta, gradient, lr):
    return theta - lr * gradient
"""

RIGHT = {
    "in-two-lines": """
def first_step(theta, gradient, lr):
    update = lr * gradient
    return theta - update
""",
    "torch-sub": """
import torch


def first_step(theta, gradient, lr):
    if isinstance(theta, torch.Tensor):
        return torch.sub(theta, gradient, alpha=lr)
    return theta + (-lr) * gradient
""",
    "a-lambda": """
first_step = lambda theta, gradient, lr: theta - gradient * lr
""",
    "always-a-tensor": """
import torch


def first_step(theta, gradient, lr):
    theta, gradient = torch.as_tensor(theta, dtype=torch.float64), torch.as_tensor(gradient, dtype=torch.float64)
    return theta.clone().add_(gradient, alpha=-lr)
""",
}

WRONG = {
    "uphill": [("theta - lr * gradient", "theta + lr * gradient")],
    "no-lr": [("lr * gradient", "gradient")],
    "divides-by-lr": [("lr * gradient", "gradient / lr")],
    "lr-squared": [("lr * gradient", "lr**2 * gradient")],
    "two-steps": [("theta - lr * gradient", "theta - 2 * lr * gradient")],
    "sign-of-the-gradient": """
import torch


def first_step(theta, gradient, lr):
    return theta - lr * torch.sign(torch.as_tensor(gradient))
""",
    "size-of-the-gradient": [("lr * gradient", "lr * abs(gradient)")],
    "theta-and-gradient-swapped": [("theta - lr * gradient", "gradient - lr * theta")],
    "multiplies-instead": [("theta - lr * gradient", "theta * (1 - lr * gradient)")],
    "lr-times-theta": [("theta - lr * gradient", "lr * theta - gradient")],
    "bracket": [("theta - lr * gradient", "lr * (theta - gradient)")],
    "only-the-update": [("theta - lr * gradient", "lr * gradient")],
    "minus-the-update": [("theta - lr * gradient", "-lr * gradient")],
    "backwards": [("theta - lr * gradient", "lr * gradient - theta")],
    "returns-nothing": """
def first_step(theta, gradient, lr):
    print(theta - lr * gradient)
""",
}
